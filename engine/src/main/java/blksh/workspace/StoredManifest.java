package blksh.workspace;

import blksh.store.Manifest;

/**
 * A captured image and the known store that holds it.
 *
 * @param store where it is
 * @param manifest what it is
 */
public record StoredManifest(KnownStore store, Manifest manifest) {}
