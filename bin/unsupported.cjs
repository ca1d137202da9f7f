// Plain ES5 without imports: it must be read by the very Node versions that it refuses.
'use strict';

/**
 * Why pi-caption cannot run in this process, as one sentence, or undefined where it can.
 * `host` is `process`, or what a test puts in its place.
 */
module.exports = function whyUnsupported(host) {
	var major = Number(host.versions.node.split('.')[0]);
	if (major < 20) {
		return (
			'pi-caption needs Node 20 or newer, and this is Node ' +
			host.versions.node +
			': install Node 20 (Raspberry Pi OS trixie has it: sudo apt install nodejs npm).'
		);
	}
	if (host.arch !== 'x64' && host.arch !== 'arm64') {
		return (
			'pi-caption needs a 64-bit system (arm64 or x64), and this Node is built for ' +
			host.arch +
			': install the 64-bit Raspberry Pi OS, which runs on a Pi 3, 4 and 5.'
		);
	}
	return undefined;
};
