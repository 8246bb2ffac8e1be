package dev.temper.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The data section of one file, mapped once: whatever takes the file's place later, these bytes
 * stay those of the file that was opened. The pages are unmapped when nobody refers to a region or
 * to a buffer cut from it.
 *
 * <p>A Java buffer ends at 2 GiB, so there are several regions. Their borders lie between tensors,
 * except in tensors that are larger themselves.
 */
final class MappedRegions {
  private final NavigableMap<Long, ByteBuffer> regions;

  private MappedRegions(NavigableMap<Long, ByteBuffer> regions) {
    this.regions = regions;
  }

  /**
   * Maps every tensor.
   *
   * @param dataStart where the data section begins in the file
   * @param tensors sound and without gaps
   * @param maxBytes size of the largest region
   */
  static MappedRegions map(
      FileChannel channel, long dataStart, Collection<TensorInfo> tensors, int maxBytes)
      throws IOException {
    NavigableMap<Long, ByteBuffer> regions = new TreeMap<>();
    List<TensorInfo> inOrder = new ArrayList<>(tensors);
    inOrder.sort(Comparator.comparingLong(TensorInfo::begin).thenComparingLong(TensorInfo::end));
    long from = 0;
    long to = 0;
    for (TensorInfo t : inOrder) {
      if (t.end() - from > maxBytes) {
        add(regions, channel, dataStart, from, to);
        from = t.begin();
      }
      for (; t.end() - from > maxBytes; from += maxBytes) {
        add(regions, channel, dataStart, from, from + maxBytes);
      }
      to = t.end();
    }
    add(regions, channel, dataStart, from, to);
    return new MappedRegions(regions);
  }

  private static void add(
      Map<Long, ByteBuffer> regions, FileChannel channel, long dataStart, long from, long to)
      throws IOException {
    if (to > from) {
      regions.put(from, channel.map(FileChannel.MapMode.READ_ONLY, dataStart + from, to - from));
    }
  }

  int count() {
    return regions.size();
  }

  /** Bytes of the data section in one piece, unless they cross the border of two regions. */
  Optional<ByteBuffer> slice(long from, long length) {
    Map.Entry<Long, ByteBuffer> region = regions.floorEntry(from);
    if (region == null || length == 0) {
      return Optional.empty();
    }
    long start = from - region.getKey();
    if (start + length > region.getValue().limit()) {
      return Optional.empty();
    }
    return Optional.of(
        region.getValue().slice((int) start, (int) length).order(ByteOrder.LITTLE_ENDIAN));
  }

  /** Copies bytes of the data section. */
  void read(long from, ByteBuffer into) {
    for (long at = from; into.hasRemaining(); ) {
      Map.Entry<Long, ByteBuffer> region = regions.floorEntry(at);
      int start = (int) (at - region.getKey());
      int n = Math.min(into.remaining(), region.getValue().limit() - start);
      into.put(region.getValue().slice(start, n));
      at += n;
    }
  }
}
