import { expect, test } from 'vitest';
import { CONFIG_KEYS, setValueAtKey, valueAtKey } from './config-keys.ts';
import { ConfigStore } from './config-store.ts';
import { parseConfig } from './load-config.ts';
import { RELOAD_EFFECT_TEXTS, RELOAD_EFFECTS } from './reload-effects.ts';
import type { ServerConfig } from './server-config.ts';

function configOf(values: object): ServerConfig {
  return parseConfig(JSON.stringify(values), 'test config').config;
}

/** Another value of the same type. */
function changed(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  return Array.isArray(value) ? [...(value as unknown[]), 'x'] : `${String(value)}x`;
}

test('every key of the schema has an effect, and there is no effect without a key', () => {
  for (const key of CONFIG_KEYS) {
    expect(RELOAD_EFFECT_TEXTS, key).toHaveProperty(valueAtKey(RELOAD_EFFECTS, key) as string);
  }
  const effects = JSON.stringify(RELOAD_EFFECTS).match(/:"/g)!;
  expect(effects).toHaveLength(CONFIG_KEYS.length);
});

test.each(CONFIG_KEYS)('a change of %s is named, and in force unless it needs a restart', (key) => {
  const before = configOf({});
  const store = new ConfigStore(before);
  const next = structuredClone(before);
  const value = changed(valueAtKey(before, key));
  setValueAtKey(next, key, value);
  const effect = valueAtKey(RELOAD_EFFECTS, key);
  const report = store.apply(next);
  if (effect === 'restart') {
    expect(report).toEqual({ applied: [], needsRestart: [key] });
    expect(store.current).toEqual(before);
  } else {
    expect(report).toEqual({ applied: [{ key, effect }], needsRestart: [] });
    expect(store.current).toEqual(next);
  }
});

test('who holds a section sees what has changed in it, and the given configs stay as they were', () => {
  const first = configOf({ limits: { max_streams: 5 }, relay_push: { addr_list: ['a:1'] } });
  const store = new ConfigStore(first);
  const { limits } = store.current;
  const second = configOf({ limits: { max_streams: 6 }, relay_push: { addr_list: ['b:1'] } });
  store.apply(second);
  expect(limits.max_streams).toBe(6);
  expect(store.current.relay_push.addr_list).toEqual(['b:1']);
  expect(first.limits.max_streams).toBe(5);
  expect(store.current.relay_push.addr_list).not.toBe(second.relay_push.addr_list);
});

test('listeners hear once of all that has changed, and of nothing when nothing has', () => {
  const store = new ConfigStore(configOf({}));
  const heard: string[][] = [];
  const stop = store.onChange((keys) => heard.push([...keys]));
  const next = configOf({ server_id: 'a', rtmp: { gop_num: 2, addr: ':1' } });
  store.apply(next);
  store.apply(next);
  stop();
  store.apply(configOf({}));
  expect(heard).toEqual([['server_id', 'rtmp.gop_num']]);
});

test('what needs a restart is named each time, until the server has it', () => {
  const store = new ConfigStore(configOf({}));
  const next = configOf({ rtmp: { addr: ':1' } });
  expect(store.apply(next).needsRestart).toEqual(['rtmp.addr']);
  expect(store.apply(next).needsRestart).toEqual(['rtmp.addr']);
  expect(store.apply(configOf({})).needsRestart).toEqual([]);
});
