/**
 * A shelf around any other on which nobody reads without the key: what blobs hold and the names of
 * versions are encrypted, and what was changed is refused.
 *
 * <p>docs/store-format.md, "Encryption", is the specification; docs/security.md says what somebody
 * without the key learns.
 */
package blksh.store.sealed;
