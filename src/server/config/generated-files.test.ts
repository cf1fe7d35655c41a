import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { generatedFiles } from './generated-files.ts';
import { loadConfigFile } from './load-config.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function read(path: string): string {
  return readFileSync(root + path, 'utf8');
}

test.each(generatedFiles(read))(
  '$path is what the schema says (scripts/write-config-schema.mjs)',
  ({ path, content }) => {
    expect(read(path)).toBe(content);
  },
);

test('our sample config loads without a warning, and ships no secret', () => {
  const { config, warnings } = loadConfigFile(`${root}conf/lalserver.conf.json`);
  expect(warnings).toEqual([]);
  const { key, dangerous_lal_secret: masterToken, sign_key: signKey } = config.simple_auth;
  const { rtsp, hls } = config;
  for (const secret of [key, masterToken, signKey, rtsp.password, hls.sub_session_hash_key])
    expect(secret).toBe('');
});

test('the JSON Schema takes old names and comment keys, and marks what it does not know', () => {
  const schema = JSON.parse(read('conf/lalserver.schema.json')) as {
    additionalProperties: boolean;
    patternProperties: object;
    properties: Record<string, { deprecated?: boolean; properties: Record<string, unknown> }>;
  };
  expect(schema.additionalProperties).toBe(false);
  expect(schema.patternProperties).toEqual({ '^#': {} });
  expect(schema.properties['relay_pull']).toMatchObject({
    deprecated: true,
    properties: { addr: { type: 'string', deprecated: true } },
  });
  expect(schema.properties['rtmp']!.properties['add_dummy_audio_enable']).toMatchObject({ deprecated: true });
});
