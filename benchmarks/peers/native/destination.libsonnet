// What schemas/destination.schema.json says of the parts that the generated destinations use, and
// that every secret which is used is declared. A value that fits is returned, another is an error.
// Jsonnet computes only what somebody reads: each check asks for all of its value.
local letters = std.set(std.stringChars('abcdefghijklmnopqrstuvwxyz'));
local name_signs = std.set(std.stringChars('abcdefghijklmnopqrstuvwxyz0123456789_'));
local link_stops = std.set(std.stringChars(' \t\n\r<>"'));

local all(values) = std.foldl(function(before, value) before && value, values, true);
local fits(what, holds) = if holds then true else error what + ' does not fit';

local isName(value) =
  std.isString(value) && std.length(value) >= 1 && std.length(value) <= 64
  && std.setMember(value[0], letters)
  && all([std.setMember(sign, name_signs) for sign in std.stringChars(value)]);
local isLine(value) =
  std.isString(value) && std.length(value) >= 1 && std.length(value) <= 200
  && std.length(std.findSubstr('\n', value)) == 0 && std.stripChars(value, ' \t') != '';
local isLink(value) =
  std.isString(value) && std.startsWith(value, 'https://') && std.length(value) <= 500
  && std.length(value) > 8
  && all([!std.setMember(sign, link_stops) for sign in std.stringChars(value)]);
local isPath(value) =
  std.isString(value) && std.startsWith(value, '/') && std.length(value) <= 2000
  && all([!std.setMember(sign, link_stops) for sign in std.stringChars(value)]);
local isText(value) = std.isString(value) && std.length(value) >= 1 && std.length(value) <= 2000;
local isWhole(value) = std.isNumber(value) && std.floor(value) == value;
local isLength(value) = isWhole(value) && value >= 0 && value <= 65535;
local isBoolean(value) = std.isBoolean(value);
local isNumber(value) = std.isNumber(value);
local isString(value) = std.isString(value);
local isField(value) = std.isString(value) || isWhole(value) || std.isBoolean(value);
local isAny(value) = std.length(std.manifestJsonMinified(value)) > 0;
local among(values) = function(value) std.member(values, value);

// An object with these members and no other.
local object(required, optional={}) = function(value)
  std.isObject(value)
  && all([std.objectHas(value, key) for key in std.objectFields(required)])
  && all([
    fits(key, if std.objectHas(required, key) then required[key](value[key])
              else std.objectHas(optional, key) && optional[key](value[key]))
    for key in std.objectFields(value)
  ]);
local map(isKey, isValue) = function(value)
  std.isObject(value)
  && all([fits(key, isKey(key) && isValue(value[key])) for key in std.objectFields(value)]);
local some(check) = function(value) check(value) && std.length(value) > 0;
local list(isItem) = function(value)
  std.isArray(value) && std.length(value) > 0 && all([isItem(item) for item in value]);
local count(value, keys) = std.length([key for key in keys if std.objectHas(value, key)]);
local onlyWith(value, keys, types) = count(value, keys) == 0 || std.member(types, value.type);

local environment = object({ base_url: isLink }, { private: isBoolean });
local setting(value) = object({ type: among(['string', 'integer', 'boolean']) }, {
  description: isLine,
  min_length: isLength,
  max_length: isLength,
  minimum: isWhole,
  maximum: isWhole,
  pattern: isText,
  default: isField,
})(value) && onlyWith(value, ['min_length', 'max_length', 'pattern'], ['string'])
                       && onlyWith(value, ['minimum', 'maximum'], ['integer']);
local textual = ['string', 'uri'];
local numeric = ['integer', 'number', 'amount'];
local param(value) = object(
  { type: among(textual + numeric + ['boolean', 'currency', 'country']) },
  {
    description: isLine,
    min_length: isLength,
    max_length: isLength,
    minimum: isNumber,
    maximum: isNumber,
    pattern: isText,
    optional: isBoolean,
    sensitive: isBoolean,
    example(example):
      if std.member(numeric, value.type) then std.isNumber(example)
      else if value.type == 'boolean' then std.isBoolean(example) else std.isString(example),
  }
)(value) && onlyWith(value, ['min_length', 'max_length', 'pattern'], textual)
                     && onlyWith(value, ['minimum', 'maximum'], numeric);
local secret = object({}, {
  description: isLine,
  owner: isName,
  held: among(['vault', 'runtime']),
});
local request(value) = object({}, {
  GET: isPath,
  POST: isPath,
  PUT: isPath,
  PATCH: isPath,
  DELETE: isPath,
  query: map(isText, isField),
  headers: map(isText, isField),
  json: isAny,
  form: isAny,
  text: isString,
})(value) && fits('method', count(value, ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) == 1)
                       && fits('body', count(value, ['json', 'form', 'text']) <= 1);
local output = object({ at: isPath }, {
  type: among(['string', 'integer', 'number', 'boolean']),
  optional: isBoolean,
  sensitive: isBoolean,
});
local rule = object(
  { is: among(['approved', 'declined', 'pending', 'rejected', 'unknown']) },
  { when: isText }
);
local response = object({}, { outputs: map(isName, output), outcome: list(rule) });
local step = object({ request: request }, {
  deliver: among(['vault', 'direct']),
  idempotent: object({ header: isText }),
  response: response,
});
local operation = object(
  { initiator: among(['customer', 'merchant']), steps: some(map(isName, step)) },
  { title: isLine }
);
local destination = object({
  forwardc(value): value == 1,
  name: isName,
  title: isLine,
  environments: some(map(isName, environment)),
  operations: some(map(isName, operation)),
}, {
  docs: isLink,
  settings: map(isName, setting),
  params: map(isName, param),
  secrets: map(isName, secret),
});

// The secrets that a text names: up to the first sign that no name has.
local nameAt(text) =
  local ends = [
    place
    for place in std.range(0, std.length(text) - 1)
    if !std.setMember(text[place], name_signs)
  ];
  if std.length(ends) == 0 then text else text[:ends[0]];
local usedSecrets(value) =
  if std.isString(value) then [nameAt(part) for part in std.split(value, 'secrets.')[1:]]
  else if std.isObject(value) then std.flatMap(usedSecrets, std.objectValues(value))
  else if std.isArray(value) then std.flatMap(usedSecrets, value)
  else [];

{
  checked(value):
    assert fits('destination', destination(value));
    local undeclared = [
      name
      for name in usedSecrets(value.operations)
      if !std.objectHas(std.get(value, 'secrets', {}), name)
    ];
    assert undeclared == [] : 'no secret ' + std.join(', ', undeclared);
    value,
}
