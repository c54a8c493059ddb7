package io.github.blip2j.io.hub;

/** What a download may count on: its patience, and the computer it runs on. */
record DownloadResources(Limits limits, LocalDisk machine) {}
