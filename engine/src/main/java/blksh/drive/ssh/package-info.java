/**
 * Drives of other machines, over the system's ssh. docs/remote.md has the protocol. {@code
 * RemoteHost} is one connection that the drives of a host share; {@code RemoteDrive} one of them.
 */
package blksh.drive.ssh;
