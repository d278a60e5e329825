"""Words for the outside, agreed beforehand: who must agree, who did, and what went out."""
