package blksh.dsl

// What scripts name without an import though it is at home in another room.

typealias Size = blksh.view.Size

typealias Percent = blksh.view.Percent

typealias Hexdump = blksh.view.Hexdump

typealias Keyed = blksh.view.Keyed
