/**
 * Who is let in: tokens, client certificates, origins of browsers, and how far the port is open. Decided before a request reaches
 * {@code link} or {@code api}, which are told the caller. What a request means has no place here.
 * <p>
 * Connections are bounded in four steps: {@code Strangers} with {@code Door} and {@code Ports}, from being accepted until a request is
 * let in; {@code Pipelining}, requests of a connection that wait; {@code UnreadAnswers}, answers that are not read;
 * {@code Standing}, callers that would be let in no more.
 */
package io.mirrorbootstrap.access;
