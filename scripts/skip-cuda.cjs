// Keeps onnxruntime-node from fetching 300 MB of CUDA on x64: its install script, which runs after every preinstall script, stops when these files exist.
// A clone's .npmrc does the same, but npm does not read it for `npm i -g`.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const folder = findOnnxRuntime();
if (folder && process.platform === 'linux' && process.arch === 'x64') {
	const binaries = path.join(folder, 'bin', 'napi-v6', 'linux', 'x64');
	for (const name of ['cuda', 'shared', 'tensorrt']) {
		const file = path.join(binaries, `libonnxruntime_providers_${name}.so`);
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
