/** The HTTP API as its OpenAPI document describes it; each call can be tried out. */
import { element, onToken, send } from './call.js';

/** How deep schemas are written out. */
const MAX_DEPTH = 8;

let schemas = {};

/** The schema itself, where there is only its name. */
function resolved(schema) {
  if (schema.$ref !== undefined) return schemas[schema.$ref.split('/').at(-1)] ?? {};
  const alternatives = schema.anyOf?.filter(({ type }) => type !== 'null');
  return alternatives?.length === 1 ? resolved(alternatives[0]) : schema;
}

function typeText(schema) {
  const { type, items, enum: values } = resolved(schema);
  const isNullable = schema.anyOf?.some((alternative) => alternative.type === 'null') ?? false;
  const base = values !== undefined ? values.map((value) => JSON.stringify(value)).join(' | ') : Array.isArray(type) ? type.join(' | ') : type;
  const name = items === undefined ? base : `array of ${typeText(items)}`;
  return isNullable ? `${name} or null` : (name ?? '');
}

/** An element with a description in it, whose backquoted parts are code. */
function described(name, text = '') {
  const made = document.createElement(name);
  made.append(...text.split('`').map((part, index) => (index % 2 === 0 ? part : element('code', part))));
  return made;
}

/**
 * Rows of a table of keys, those of inner objects indented.
 * @param written objects that stand in the table already, and are not repeated
 */
function schemaRows(schema, depth = 0, written = new Set()) {
  const { properties = {}, required = [] } = resolved(schema);
  return Object.entries(properties).flatMap(([key, value]) => {
    const row = document.createElement('tr');
    const inner = resolved(resolved(value).items ?? value);
    const isRepeated = inner.properties !== undefined && written.has(inner);
    const notes = [required.includes(key) ? '' : ' (optional)', isRepeated ? ' (keys as above)' : ''];
    const name = element('td', `${'\u00a0'.repeat(depth * 4)}${key}${notes.join('')}`, 'key');
    const description = value.description ?? resolved(value).description;
    row.append(name, element('td', typeText(value)), described('td', description));
    written.add(inner);
    return depth >= MAX_DEPTH || isRepeated ? [row] : [row, ...schemaRows(inner, depth + 1, written)];
  });
}

function schemaTable(schema) {
  const table = document.createElement('table');
  const head = document.createElement('tr');
  head.append(element('th', 'key'), element('th', 'type'), element('th', 'meaning'));
  table.append(head, ...schemaRows(schema));
  const frame = element('div', '', 'wide');
  frame.append(table);
  return frame;
}

/** Parameters of either kind: name, schema, whether they are required. */
function parametersOf(operation) {
  const body = operation.requestBody?.content['application/json'].schema;
  if (body !== undefined) {
    const { properties = {}, required = [] } = resolved(body);
    return Object.entries(properties).map(([name, schema]) => ({ name, schema, required: required.includes(name) }));
  }
  return (operation.parameters ?? []).map(({ name, schema, required }) => ({ name, schema, required }));
}

function fieldFor({ name, schema, required }) {
  const label = element('label', '', 'field');
  const { enum: values, default: missing } = resolved(schema);
  const input = document.createElement(values === undefined ? 'input' : 'select');
  if (values !== undefined) input.append(...values.map((value) => element('option', value)));
  else if (missing !== undefined) input.placeholder = JSON.stringify(missing);
  input.name = name;
  input.required = required;
  const note = described('span', `${typeText(schema)}${required ? '' : ', optional'}. ${schema.description ?? ''}`);
  note.className = 'quiet';
  label.append(element('code', name), input, note);
  return label;
}

/** What the user typed, as the parameter's type; what is empty and optional is left out. */
function valuesFrom(form, parameters) {
  const values = {};
  for (const { name, schema, required } of parameters) {
    const text = form.elements[name].value;
    if (text === '' && !required) continue;
    values[name] = ['string', undefined].includes(resolved(schema).type) ? text : parsed(text);
  }
  return values;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function tryForm(path, method, operation) {
  const parameters = parametersOf(operation);
  const form = document.createElement('form');
  const output = document.createElement('pre');
  output.hidden = true;
  form.append(...parameters.map(fieldFor), element('button', operation['x-changes-state'] ? 'Do it' : 'Ask'), output);
  const ask = async () => {
    const values = valuesFrom(form, parameters);
    const url = `..${path}`;
    output.hidden = false;
    output.textContent = '…';
    try {
      const { status, text } =
        method === 'get'
          ? await send(`${url}?${new URLSearchParams(values)}`)
          : await send(url, { method: 'POST', body: JSON.stringify(values) });
      output.textContent = `${status}\n${JSON.stringify(parsed(text), null, 2)}`;
    } catch (error) {
      output.textContent = error.message;
    }
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void ask();
  });
  return form;
}

function callDetails(path, method, operation) {
  const details = document.createElement('details');
  const summary = document.createElement('summary');
  summary.append(element('span', method.toUpperCase(), 'method'), element('code', path), described('span', ` ${operation.summary}`));
  details.append(summary);
  if (operation.description !== undefined) details.append(described('p', operation.description));
  details.append(tryForm(path, method, operation), element('h3', 'Answer'));
  details.append(schemaTable(operation.responses['200'].content['application/json'].schema));
  return details;
}

async function show() {
  const { text } = await send('../openapi.json');
  const api = JSON.parse(text);
  schemas = api.components.schemas;
  document.getElementById('introduction').replaceChildren(described('span', api.info.description));
  const groups = new Map();
  for (const [path, operations] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const [group] = operation.tags;
      groups.set(group, [...(groups.get(group) ?? []), callDetails(path, method, operation)]);
    }
  }
  const calls = [...groups].flatMap(([group, details]) => [element('h2', group), ...details]);
  document.getElementById('calls').replaceChildren(...calls);
}

onToken(() => {});
show().catch((error) => {
  document.getElementById('problem').textContent = error.message;
});
