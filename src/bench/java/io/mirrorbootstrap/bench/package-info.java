/**
 * Measures the service against its peers and against the floor, as processes, and its hot path with JMH. Never part of a
 * build or a test: {@code bench/compare}, {@code bench/under-fire} and {@code bench/jmh} run it. Code of peers does not live here.
 */
package io.mirrorbootstrap.bench;
