/**
 * The command line: what a person or a script types, and what they read back. A thin edge: options are checked and
 * handed on, outcomes become text and exit codes; no rule of the protocol.
 * <p>
 * The line is parsed before Quarkus is touched. Only {@code serve} and {@code demo} start it; the client commands open
 * no port and are plain Java with an event loop of their own.
 */
package io.mirrorbootstrap.cli;
