/**
 * Who may speak to the sidecar: tokens, client certificates, origins of browsers, and how far the port is open. Decided
 * before a request reaches {@code link} or {@code api}. What a request means has no place here.
 */
package io.mirrorbootstrap.access;
