"""What a chain's scores take on disk, and how long questions to them take: `bench --storage`."""
