"""The tools that Rushes is tested with, shipped for authors of providers, checks and stores.

- `clock`: an event loop whose time jumps to the next deadline, so that hours pass in milliseconds;
- `provider`: a provider that does what a script says, and one that answers at once;
- `context`: what a provider is handed, made of plain files;
- `media`: the smallest valid picture, clip, sound and text, different for each request;
- `conformance`: what every provider must do;
- `blobs`: what every blob store must do;
- `requests`: requests made by hand;
- `journal`: journals between engine and ledger, for virtual time and for sudden ends;
- `crash`: kill -9 after the n-th fact or at any moment.
"""
