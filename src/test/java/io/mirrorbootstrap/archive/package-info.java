/** Directories as tar archives, tested on real directories. */
package io.mirrorbootstrap.archive;
