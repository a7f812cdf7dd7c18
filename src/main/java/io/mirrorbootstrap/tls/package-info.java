/**
 * TLS as both ends have it: files of certificates and keys, what is said in a session, both ways, how little beside,
 * and its end.
 * <p>
 * Says in words what is wrong with a file. Knows nothing of settings, options and what a connection is for: the caller does.
 */
package io.mirrorbootstrap.tls;
