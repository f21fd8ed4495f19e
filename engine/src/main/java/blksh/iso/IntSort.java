package blksh.iso;

import java.util.Arrays;

/** Sorts numbers by what they stand for, without an object for each; keeps the order of equals. */
final class IntSort {

  /** How two things are ordered that numbers stand for. */
  interface Order {
    int compare(int one, int other);
  }

  private final Order order;
  private int[] room = new int[0];

  IntSort(Order order) {
    this.order = order;
  }

  void sort(int[] numbers, int from, int count) {
    if (room.length < count) {
      room = new int[count];
    }
    merge(numbers, from, from + count);
  }

  private void merge(int[] numbers, int from, int to) {
    if (to - from < 2) {
      return;
    }
    int middle = from + to >>> 1;
    merge(numbers, from, middle);
    merge(numbers, middle, to);
    if (order.compare(numbers[middle - 1], numbers[middle]) <= 0) {
      return;
    }
    int left = middle - from;
    System.arraycopy(numbers, from, room, 0, left);
    int low = 0;
    int high = middle;
    for (int at = from; low < left; at++) {
      boolean takeLow = high == to || order.compare(room[low], numbers[high]) <= 0;
      numbers[at] = takeLow ? room[low++] : numbers[high++];
    }
  }

  /** The numbers from 0 up, to be sorted. */
  static int[] upTo(int count) {
    int[] numbers = new int[count];
    Arrays.setAll(numbers, i -> i);
    return numbers;
  }
}
