#!/usr/bin/env node
// Plain ES5: an old Node must get as far as saying that it is too old.
'use strict';
var reason = require('./unsupported.cjs')(process);
if (reason) {
	console.error(reason);
	process.exit(1);
}
require('./start.cjs');
