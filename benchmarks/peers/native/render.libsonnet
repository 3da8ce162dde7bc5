// The vault's forward template and the forwarding config of a destination, by the names of files.
local checked = (import 'destination.libsonnet').checked;

local isAtom(value) =
  std.isString(value) && (std.startsWith(value, '${card.') || std.startsWith(value, '${billing.'));
local atomOf(value) = std.strReplace(value[2:std.length(value) - 1], '?', '');

// A body with the vault's placeholders.
local filled(value) =
  if std.isObject(value) then std.mapWithKey(function(_, item) filled(item), value)
  else if std.isArray(value) then std.map(filled, value)
  else if isAtom(value) then '{{' + std.strReplace(atomOf(value), '.', '_') + '}}'
  else value;

// The card fields that a body uses.
local atoms(value) =
  if std.isObject(value) then std.flatMap(atoms, std.objectValues(value))
  else if std.isArray(value) then std.flatMap(atoms, value)
  else if isAtom(value) then [atomOf(value)]
  else [];

function(data)
  local destination = checked(data);
  local step = destination.operations.payment.steps.pay;
  local url = destination.environments.sandbox.base_url + step.request.POST;
  local body = filled(step.request.json);
  {
    [destination.name + '.template.json']: {
      source: { type: 'id', id: '' },
      destination_request: {
        url: url,
        method: 'POST',
        headers: { raw: step.request.headers },
        body: std.manifestJsonMinified(body),
      },
    },
    [destination.name + '.config.json']: {
      url: url,
      replacements: std.set(atoms(step.request.json)),
      request: { headers: step.request.headers, body: body },
      params: destination.params,
      outcome: step.response.outcome,
    },
  }
