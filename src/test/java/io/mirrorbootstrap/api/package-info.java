/** Tests of what watchers of the status board are told. */
package io.mirrorbootstrap.api;
