// Plain ES5, like what it requires first: an npm that comes with an old Node runs it too.
'use strict';
var reason = require('../bin/unsupported.cjs')(process);
if (reason) {
	console.error(reason);
	process.exit(1);
}
require('./skip-cuda.cjs');
