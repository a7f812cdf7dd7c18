/**
 * The HTTP API: what each mirror is doing, as JSON.
 * <p>
 * Knows {@code snapshot}, {@code wire}, {@code mirror} and, of {@code access}, who was let in; no other edge. Holds no rule.
 */
package io.mirrorbootstrap.api;
