/** Rules of what nobody asks for, without a service; how it is packaged is in {@code LogIT}. */
package io.mirrorbootstrap.download;
