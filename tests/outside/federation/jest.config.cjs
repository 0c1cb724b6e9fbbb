// The suite ships its tests as JavaScript inside node_modules, where jest does not look by itself.
module.exports = {
  haste: { retainAllFiles: true },
  testEnvironment: 'node',
  testPathIgnorePatterns: [],
  transform: {},
};
