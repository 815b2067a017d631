//! Paths to environments and their texts. The only room that reads the disk.
