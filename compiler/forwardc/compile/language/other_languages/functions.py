"""What functions, methods and filters of other languages are called here, by kind.

The words stand without case, `-` and `_`, so that `toUpperCase`, `to_upper_case` and `upcase` are
looked up alike.
"""

from typing import Final

SPACES: Final = frozenset(
    "crypto date math json uuid datetime time os hashlib guid system util utils string str moment"
    " convert buffer random secrets number encoding object array base64 faker".split()
)
"""What a function belongs to in other languages: no value that it is applied to."""
SAME: Final = {
    **dict.fromkeys("lower tolower lowercase downcase lcase tolowercase casefold".split(), "lower"),
    **dict.fromkeys("upper toupper uppercase upcase ucase touppercase".split(), "upper"),
    **dict.fromkeys("text str string tostring tos totext cast".split(), "text"),
    **dict.fromkeys("int integer toint toi parseint tointeger intval".split(), "int"),
    **dict.fromkeys("json tojson jsonencode stringify dumps dump jsonstringify".split(), "json"),
    **dict.fromkeys(
        "base64 base64encode b64encode btoa b64 encodebase64 tobase64".split(), "base64"
    ),
    **dict.fromkeys("base64url urlsafeb64encode base64urlencode b64url".split(), "base64url"),
    **dict.fromkeys("sha256 sha sha2 hash sha256hex digest".split(), "sha256"),
    **dict.fromkeys("hex tohex hexencode hexdigest bin2hex".split(), "hex"),
    **dict.fromkeys("hmacsha256 hmac hmacsha hashhmac".split(), "hmac_sha256"),
    "sha1": "sha1",
    "sha512": "sha512",
    "md5": "md5",
    "hmacsha512": "hmac_sha512",
    "isoformat": "iso8601",
    "toisostring": "iso8601",
    "iso8601": "iso8601",
    "join": "join",
    "unix": "unix",
    "unixms": "unix_ms",
    "hmacsha1": "hmac_sha1",
}
"""What the same function is called here."""
RANDOM: Final = frozenset(
    "uuid uuid4 uuidv4 uuid1 uuid7 guid newguid newuuid randomuuid generateuuid genrandomuuid nonce"
    " v1 v4 v7 rand random randomint randomhex nanoid ulid uniqid randomstring tokenhex"
    " randombytes".split()
)
MOMENTS: Final = frozenset(
    "now utcnow today date time datetime getdate sysdate currenttimestamp currentdate currenttime"
    " localtime gmtime".split()
)
EPOCHS: Final = frozenset("timestamp unixtimestamp epoch unixtime totimestamp unixepoch".split())
MILLISECONDS: Final = frozenset("gettime millis currenttimemillis epochms".split())
FORMATS: Final = frozenset(
    "format formatdate dateformat strftime date formattime todate tochar timeformat formatdatetime"
    " datetimeformat toformat dateformatter formattimestamp timestampformat".split()
)
LOOKUPS: Final = frozenset("switch case match lookup dict decode translate get choose".split())
DEFAULTS: Final = frozenset("default coalesce ifnull nvl isnull ifempty firstnonnull d or".split())
ENVIRONMENTS: Final = frozenset("env getenv environ secret getsecret envvar".split())
GETTERS: Final = {
    "param": "params",
    "arg": "params",
    "getparam": "params",
    "var": "settings",
    "config": "settings",
    "setting": "settings",
    "getsetting": "settings",
}
ESCAPES: Final = frozenset(
    "urlencode encodeuricomponent encodeuri uriencode percentencode escape e xmlescape htmlescape"
    " escapehtml escapexml jsonescape quote cgiescape rawurlencode".split()
)
NUMERIC: Final = frozenset(
    "round ceil floor abs number float decimal tofixed money parsefloat divide div dividedby"
    " multiply times plus minus add sub mod min max sum numberformat formatcurrency currency"
    " tonumber".split()
)
CHANGES: Final = frozenset(
    "replace regexreplace resub gsub trim strip lstrip rstrip split padleft padright pad lpad"
    " rpad zfill rjust ljust reverse remove substitute normalize truncate padstart padend"
    " capitalize title replaceall chomp replacefirst removeprefix removesuffix".split()
)
ASKS: Final = frozenset("exists defined isset has ispresent isdefined notempty present".split())
SEARCHES: Final = frozenset(
    "contains includes startswith endswith matches test search indexof find regexmatch like"
    " startwith endwith".split()
)
CUTS: Final = frozenset("substr substring left mid right slice".split())
CONCATENATIONS: Final = frozenset("concat concatenate append strcat".split())
PRINTS: Final = frozenset("printf sprintf format".split())
LENGTHS: Final = frozenset("len length strlen size count".split())
