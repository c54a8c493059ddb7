package io.github.blip2j.io.hub;

/** The limits of a download, and the machine that it runs on. */
record DownloadResources(Limits limits, LocalDisk machine) {}
