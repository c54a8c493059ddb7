package io.github.blip2j.lucene;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.lucene.document.BinaryDocValuesField;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.FieldExistsQuery;
import org.apache.lucene.search.join.BitSetProducer;
import org.apache.lucene.search.join.QueryBitSetProducer;
import org.apache.lucene.util.BytesRef;

/**
 * The documents of a photo, one after the other: a child for each of its vectors, and then their
 * parent, as Lucene's block join expects.
 *
 * <pre>{@code
 * child    photo (term), vector [P]
 * parent   photo (term), content (value)     both the SHA-256
 * }</pre>
 *
 * <p>All have the term, so that a photo is removed as a whole.
 */
final class PhotoBlock {
  static final String VECTOR = "vector";
  static final String CONTENT = "content";

  private static final String PHOTO = "photo";

  private PhotoBlock() {}

  /** The documents of a photo with these vectors, [Q P]. */
  static List<Document> of(String sha256, float[] vectors, int width) {
    List<Document> block = new ArrayList<>();
    for (int from = 0; from < vectors.length; from += width) {
      float[] vector = Arrays.copyOfRange(vectors, from, from + width);
      Document child = document(sha256);
      // Unit vectors: the products that the photo index compares by.
      child.add(new KnnFloatVectorField(VECTOR, vector, VectorSimilarityFunction.DOT_PRODUCT));
      block.add(child);
    }
    Document parent = document(sha256);
    parent.add(new BinaryDocValuesField(CONTENT, new BytesRef(sha256)));
    block.add(parent);
    return block;
  }

  private static Document document(String sha256) {
    var document = new Document();
    document.add(new StringField(PHOTO, sha256, Field.Store.NO));
    return document;
  }

  /** What all documents of a photo have. */
  static Term term(String sha256) {
    return new Term(PHOTO, sha256);
  }

  /** The last documents of all blocks; a new one keeps the sets of its own segments. */
  static BitSetProducer parents() {
    return new QueryBitSetProducer(new FieldExistsQuery(CONTENT));
  }
}
