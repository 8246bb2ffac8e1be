package dev.temper.data;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** Data sets one after the other. */
final class ConcatDataset<E> implements Dataset<E> {
  private final List<Dataset<? extends E>> parts;
  private final long[] ends;

  ConcatDataset(List<? extends Dataset<? extends E>> parts) {
    this.parts = List.copyOf(parts);
    this.ends = new long[parts.size()];
    long end = 0;
    for (int i = 0; i < ends.length; i++) {
      end = Math.addExact(end, parts.get(i).size());
      ends[i] = end;
    }
  }

  @Override
  public long size() {
    return ends.length == 0 ? 0 : ends[ends.length - 1];
  }

  @Override
  public E get(long index) {
    Objects.checkIndex(index, size());
    int part = Arrays.binarySearch(ends, index);
    part = part < 0 ? -part - 1 : part + 1;
    while (parts.get(part).size() == 0) {
      part++;
    }
    return parts.get(part).get(index - (part == 0 ? 0 : ends[part - 1]));
  }
}
