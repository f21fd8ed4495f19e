// Lists the drives of this machine, or describes one with its partitions.
val name by positional<String>("NAME", "a drive by name, serial number, label or path").optional()

name?.let { drives[it] } ?: drives
