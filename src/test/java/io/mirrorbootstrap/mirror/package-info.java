/** Tests of the status board, and of who is told what. */
package io.mirrorbootstrap.mirror;
