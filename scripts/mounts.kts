// Lists what blksh has mounted and serves.
val prune by flag("--prune", "clean up after processes that were killed")

if (prune) mounts.prune() else mounts
