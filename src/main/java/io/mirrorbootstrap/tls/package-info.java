/**
 * TLS as both ends have it: files of certificates and keys, and the end of a session.
 * <p>
 * Says in words what is wrong with a file. Knows nothing of settings, options and what a connection is for: the caller does.
 */
package io.mirrorbootstrap.tls;
