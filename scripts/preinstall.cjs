// Runs before any package's install script, so it is also the place that keeps
// onnxruntime-node from fetching 300 MB of CUDA: its install script stops when these files exist.
// A project's .npmrc does the same for a clone, but npm does not read it for `npm i -g`.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const whyUnsupported = require('../bin/unsupported.cjs');

const reason = whyUnsupported(process);
if (reason) {
	console.error(reason);
	process.exit(1);
}

const cudaFiles = ['cuda', 'shared', 'tensorrt'].map(name => `libonnxruntime_providers_${name}.so`);
const folder = findOnnxRuntime();
if (folder && process.platform === 'linux' && process.arch === 'x64') {
	const binaries = path.join(folder, 'bin', 'napi-v6', 'linux', 'x64');
	for (const name of cudaFiles) {
		const file = path.join(binaries, name);
		if (fs.existsSync(binaries) && !fs.existsSync(file)) fs.writeFileSync(file, '');
	}
}

function findOnnxRuntime() {
	try {
		return path.dirname(require.resolve('onnxruntime-node/package.json', {paths: [__dirname]}));
	} catch {
		return undefined;
	}
}
