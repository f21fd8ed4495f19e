/** A store's blobs as objects in a bucket of an object store that speaks S3. */
package blksh.store.bucket;
