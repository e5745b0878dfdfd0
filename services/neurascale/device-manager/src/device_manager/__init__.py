"""device-manager: finds EEG devices and streams the samples of those that were started."""
