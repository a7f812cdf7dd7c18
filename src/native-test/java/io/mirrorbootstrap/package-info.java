/**
 * Tests of the packaged service, jar or native executable: started as a process, met through its port.
 */
package io.mirrorbootstrap;
