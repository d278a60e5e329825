"""MITRE ATT&CK and D3FEND as facts: ids, names, tactics, what answers what. `facts.json` is built by a script."""
