#!/bin/sh -e
# Makes these files anew, in a directory given, with the real tools:
# apt-get install btrfs-progs e2fsprogs dosfstools mtools exfatprogs exfat-fuse xfsprogs ntfs-3g genisoimage zstd
cd "$1"
export SOURCE_DATE_EPOCH=1600000000 MTOOLS_SKIP_CHECK=1 TZ=UTC LC_ALL=C.UTF-8
rm -rf tree && mkdir -p tree/docs/many tree/deep/a/b/c/d/e
printf 'hello\n' > tree/hello.txt
: > tree/empty
seq 1 60000 > tree/docs/seq.txt
for i in $(seq 1 300); do echo "file $i" > tree/docs/many/file-number-$i; done
echo deep > tree/deep/a/b/c/d/e/bottom
echo long > "tree/deep/a name that is longer than eight and three - Größe.text"
cp -r tree plain
truncate -s 1M tree/sparse
printf 'end\n' >> tree/sparse
ln -s docs/seq.txt tree/link
ln -s a/very/long/path/that/does/not/fit/into/the/block/map/of/an/inode/at/all tree/longlink
chmod 640 tree/hello.txt
find tree plain -exec touch -h -d @1600000000 {} +

ext() { # name, options
  name=$1; shift
  truncate -s 4M $name.img
  mke2fs -q -F -L sample -d tree "$@" $name.img
  zstd -q -19 --rm $name.img
}
ext ext2 -t ext2 -b 1024
ext ext3 -t ext3 -b 1024 -J size=1
ext ext4 -t ext4 -b 1024 -J size=1 -O 64bit,metadata_csum,inline_data
ext ext4-meta -t ext4 -b 4096 -O ^has_journal,meta_bg,^resize_inode,sparse_super2

fat() { # name, size, options
  name=$1; truncate -s $2 $name.img; shift 2
  mkfs.fat -n SAMPLE "$@" $name.img > /dev/null
  mcopy -m -s -i $name.img plain/* ::/
  zstd -q -19 --rm $name.img
}
fat fat12 4M -F 12
fat fat16 16M -F 16
fat fat32 40M -F 32 -s 1

truncate -s 6M ntfs.img
mkntfs -q -F -Q -L sample -c 1024 ntfs.img
mkdir mounted
ntfs-3g -o streams_interface=none ntfs.img mounted # as root
cp -r --preserve=timestamps tree/. mounted/
umount mounted
zstd -q -19 --rm ntfs.img

truncate -s 6M exfat.img
mkfs.exfat -L sample -c 1K exfat.img > /dev/null
loop=$(losetup -f --show exfat.img) # as root
mount.exfat-fuse "$loop" mounted
cp -r --preserve=timestamps plain/. mounted/
umount mounted
losetup -d "$loop"
zstd -q -19 --rm exfat.img

mkfs.xfs --unsupported -q -L sample -b size=1024 -d file,name=xfs.img,size=16m
mount -o loop xfs.img mounted # as root
cp -r --preserve=timestamps,mode tree/. mounted/
umount mounted
zstd -q -19 --rm xfs.img

# Cut behind what it uses; a subvolume in a subvolume, each compressed in another way.
truncate -s 16M btrfs.img
mkfs.btrfs -q -M -n 4096 -L sample btrfs.img
loop=$(losetup -f --show btrfs.img) # as root
mount -o compress-force=zstd "$loop" mounted
btrfs -q subvolume create mounted/docs
btrfs -q subvolume create mounted/docs/many
cp -a tree/. mounted/
rm mounted/docs/seq.txt
mount -o remount,compress-force=lzo mounted
cp -a tree/docs/seq.txt mounted/docs/
cp --sparse=always -a tree/sparse mounted/
mount -o remount,compress-force=zlib mounted
dd if=tree/docs/seq.txt of=mounted/docs/seq.txt bs=4096 count=50 conv=notrunc status=none
mount -o remount,compress-force=zstd mounted
dd if=tree/docs/seq.txt of=mounted/docs/seq.txt bs=4096 skip=60 seek=60 count=15 conv=notrunc status=none
touch -d @1600000000 mounted/docs/seq.txt
umount mounted
losetup -d "$loop"
truncate -s 6M btrfs.img
zstd -q -19 --rm btrfs.img

iso() { # name, options
  name=$1; shift
  genisoimage -quiet -V SAMPLE -o $name.img "$@"
  zstd -q -19 --rm $name.img
}
iso iso-rock -R tree
iso iso-joliet -J -joliet-long plain

# UDF alone: both, without the descriptor ISO 9660 begins with
genisoimage -quiet -V SAMPLE -udf -J -joliet-long -o udf.img plain
dd if=/dev/zero of=udf.img bs=2048 seek=16 count=1 conv=notrunc status=none
zstd -q -19 --rm udf.img
rm -rf tree plain mounted
