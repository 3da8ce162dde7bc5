"""The store: what earlier runs found out about a project, so that it is not found out again.

`check` and `build` ask it and write it; nothing else does. It lies in the user's cache folder
(`place`), a folder for each project:

    key                 random; every other file carries a code of it (`sealed_files`)
    verdict             level 1: what a check said of all inputs together
    outputs             level 1: what the files of build/ look like, and their digests
    destination-...     level 2: what stays of one destination, under the digest of its file

**Level 1** (`verdict`, `output_index`): where the tool, the day, every input and, for a build,
every file of `build/` are as they were, the answer is the old one. Nothing is parsed for it, and
next to nothing imported: a thousand inputs are read and hashed, and their outputs looked at, in a
tenth of a second.

**Level 2** (`destinations`): where something changed, each destination is asked for by itself, and
compiled where its entry does not hold. Then the rules that compare destinations or days look at all
summaries, whether recalled or new, and coverage and the manifest are written.

States of an entry of level 2, in a run:

    state        because                                        then
    missing      never written, removed, cut, of another key    compiled, written
    other        another tool, file or path: another name       not looked at; `bounds`
    outdated     its part of the project or its evidence        compiled, written
    incomplete   not assessed, or not as built in build/        compiled, written
    misled       another live host is known at the end          compiled, written
    valid        none of these                                  recalled

What must hold, and where it is tried:

- A store changes no byte of `build/`, no finding and no exit code: `tests/store/test_any_edit.py`.
- No byte of a plan, a page or a letter is in it; of coverage it holds the part of each destination,
  as it is written: `tests/store/test_stored.py`.
- A stage reads nothing of the project that the digest of an entry leaves out, since it is given no
  more: `tests/store/test_slices.py`.
- Whatever is wrong with a store, it is as if there were none: `tests/store/test_bad_stores.py`.

Traced: `merchant_id` of `shop` changes in `forwardc.yaml`. The digest of all inputs is another, so
that the verdict says nothing. `destinations/shop.yaml` has the same bytes: its entry is read, and
the digest of its part of `forwardc.yaml` is another one, outdated: `shop` is compiled. The part of
`books` is as it was: its entry is valid, since its seven files are in `build/` with its digests.
Both summaries go through the rules; the manifest names the new digests.
"""
