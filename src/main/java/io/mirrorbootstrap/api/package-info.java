/**
 * The HTTP API: what each mirror is doing, as JSON.
 * <p>
 * Knows {@code snapshot}, {@code wire} and {@code mirror}, no other edge; holds no rule.
 */
package io.mirrorbootstrap.api;
