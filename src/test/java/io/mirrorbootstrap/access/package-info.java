/** How the gate stands in a service that is built otherwise; what strangers meet is in {@code AccessIT}. */
package io.mirrorbootstrap.access;
