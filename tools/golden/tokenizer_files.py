"""x"""
def save_word_pieces(folder, start): pass
