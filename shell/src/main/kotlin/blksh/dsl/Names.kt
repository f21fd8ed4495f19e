package blksh.dsl

// What scripts name without an import though it is at home in another room.

typealias Size = blksh.view.Size

typealias Percent = blksh.view.Percent

typealias Hexdump = blksh.view.Hexdump

typealias Keyed = blksh.view.Keyed

/**
 * Where something is: a directory, a file or a drive of this machine, or what is beyond it and
 * begins with `s3://`, `ssh://` or `nbd://`.
 */
typealias Place = blksh.Place

/** What discs are: `Media.BD`. */
typealias Media = blksh.catalogue.Media
