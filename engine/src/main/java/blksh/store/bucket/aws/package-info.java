/** Requests to object stores by the library of AWS, which only this room sees. */
package blksh.store.bucket.aws;
