"""How finding is learned from the training ground, and measured on its unseen trades.

`embedding.py` makes questions lie close to the sentences that answer them: additions to e5's upper
layers (weights/lora.py), which ship as weights/search.npz. `samples.py` reads what it learns from,
`evaluate.py` measures it.
"""
