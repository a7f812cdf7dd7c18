/**
 * Files of certificates and keys, as both ends are given them.
 * <p>
 * Says what is wrong with one, in words. Knows nothing of settings, options and connections: who has those calls this.
 */
package io.mirrorbootstrap.tls;
