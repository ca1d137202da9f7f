#!/usr/bin/env -S node --max-semi-space-size=2
// Samples live outside the heap of V8 and are freed with their small handles: a small nursery frees them soon, which saves 30 MB.
// Plain ES5: an old Node must get as far as saying that it is too old.
'use strict';
var reason = require('./unsupported.cjs')(process);
if (reason) {
	console.error(reason);
	process.exit(1);
}
require('./start.cjs');
