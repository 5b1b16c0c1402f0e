"""A small language model of the shop's own texts, from the bytes to the sample.

texts.py        which texts are learned from, and which are kept apart to measure on
tokens.py       texts to numbers and back: byte-level pairs, learned from the same texts
network.py      what comes next, by causal self-attention
training.py     how the network learns it
sampling.py     writing with it
kneser_ney.py   the n-gram model that it is measured beside
measuring.py    bits per byte, of it, of the n-grams and of compressors
store.py        a trained model in a folder
"""
